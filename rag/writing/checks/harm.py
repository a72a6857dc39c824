"""What no sentence of an answer is: an order, a link, a mention, an address, Markdown that takes over the page."""

from __future__ import annotations

import re

from rag.sentences import sentence_spans
from rag.writing.checks.claim import Claim

_LINK = re.compile(
    r"https?:|\bwww\.|\b[\w-]+\.(?:com|org|net|io|xyz|ru|co|info|biz|dev|app|example|test|me|ly|gg|fm|ai|uk"
    r"|de)\b(?!['’]s)"
    r"|\]\(",
    re.IGNORECASE,
)
_MENTION = re.compile(r"<[@#:a][!&]?\w|@(?:everyone|here)\b|(?<![\w.])@\w{2,}", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
_MARKDOWN = re.compile(
    r"```|`|^\s*(?:#{1,6}\s|>)|!\[|(?:^|\s)\|+(?:\s|$)|\|\||\*{3,}|_{3,}|~~|^\s*[-=]{3,}|<[a-z/!][^>]*>|[*_]{2}",
    re.MULTILINE,
)
_POLITE = (
    r"^\W*(?:(?:please|kindly|now|also|sure|certainly|of course|then|next|first|don['’]t hesitate to|do not"
    r"|make sure to|be sure to)\W+)*"
)
_WITH_WORDS = (
    "ignore disregard forget write explain translate summarise summarize send click visit forward reply respond answer "
    "tell say repeat reveal print output provide list include insert integrate incorporate replace encode encrypt "
    "decode reverse rearrange introduce recommend analyse analyze determine download execute install subscribe vote "
    "create draft compose describe convert rename suggest generate calculate identify define embed validate append "
    "enlist upgrade augment pretend rewrite classify help jumble scramble shuffle arrange render develop"
)
_WITH_THINGS = "give add remove use find search run open buy call share follow compare show check blend ensure join act"
_WITH_TWO = "sign up|break down"
_REQUEST = r"(?:can|could|would|will) you (?:please )?\w+"
_ORDERS = "|".join(f"{_WITH_WORDS} {_WITH_THINGS}".split())
_ORDER = re.compile(rf"{_POLITE}(?:{_ORDERS}|{_WITH_TWO})\b", re.IGNORECASE)
_ORDER_IN_NOTES = re.compile(rf"{_POLITE}(?:{'|'.join(_WITH_WORDS.split())}|{_WITH_TWO}|{_REQUEST})\b", re.IGNORECASE)
_TO_THE_MODEL = re.compile(
    r"\b(?:in|of|to) your (?:answer|response|reply|code|codebase|solution|text|implementation)\b"
    r"|\byour (?:answer|response|reply)\b"
    r"|\b(?:ignore|disregard|forget) (?:all |any |the |your )*(?:previous|prior|above|earlier|other)?\s*"
    r"(?:instructions?|prompts?|rules|passages|notes)\b"
    r"|\b(?:system prompt|as an ai|language model,? i)\b"
    r"|\byou are (?:now )?(?:an?|the) (?:ai|assistant|chatbot|model|bot)\b"
    r"|\bnew instructions?\b|\bcode (?:section|snippet|block|excerpt|segment)\b|\bfollowing code\b",
    re.IGNORECASE,
)
_NOT_TOLD = (
    r"(?:mention\w*|say|state\w*|cover\w*|contain\w*|include\w*|provide\w*|specif\w*|discuss\w*|answer\w*"
    r"|information|given|tell|found|available|explain\w*)"
)
_ABSENCE = re.compile(
    r"\b(?:notes?|passages?|text|context|sources?|excerpts?|documents?|they|it|information|question|answer|there)\b"
    r"[^.]{0,40}\b(?:(?:do|does|did|is|are|was|were|has|have|can)(?: not|n['’]t)|cannot|never|no)\s+(?:\w+\s+){0,2}"
    rf"{_NOT_TOLD}\b"
    r"|\bnot (?:covered|mentioned|specified|stated|provided|discussed)\b|\bno (?:information|mention|details?)\b"
    r"|\bI (?:don['’]t|do not|cannot|can['’]t) (?:know|find|answer|help)\b",
    re.IGNORECASE,
)
_ABOUT_ITSELF = re.compile(
    r"\b(?:answers?|reply|response) (?:to|lies|is found|depends)\b|\bthe answer is\b|\b(?:this|the|your"
    r"|that) question\b"
    r"|\b(?:the|these|those|your|this|numbered|following) (?:passages?|notes?|excerpts?|context|prompt)\b"
    r"|^\W*(?:I|I['’]\w+|let me|here (?:is|are) (?:the|your|an?)|certainly|sure|of course)\b"
    r"|\byou (?:asked|requested)\b|\?[\"”’)]*$",
    re.IGNORECASE,
)
_FORBIDDEN = (
    (_MAIL, "it has an e-mail address"),
    (_LINK, "it has a link"),
    (_MENTION, "it mentions somebody"),
    (_MARKDOWN, "it has markup"),
    (_ORDER, "it gives an order"),
    (_TO_THE_MODEL, "it speaks to whoever answers"),
    (_ABSENCE, "it speaks of what the notes do not say"),
    (_ABOUT_ITSELF, "it speaks of itself"),
)
CODE = re.compile(r"```|\bimport \w+|\bdef \w+\(|[;{}]\s*$|\w\(\)|[=!]=", re.MULTILINE)


def harm(claim: Claim) -> str:
    """What is wrong with a sentence whatever it cites; "" where nothing is."""
    return next((reason for pattern, reason in _FORBIDDEN if pattern.search(claim.text)), "")


def instructs(text: str) -> bool:
    """Whether a text of the notes speaks to whoever answers from it, or is code: a model does not get to read it."""
    return bool(_TO_THE_MODEL.search(text) or CODE.search(text))


def without_orders(text: str) -> str:
    """`text` without its sentences that order somebody to say something: they carry nothing, and a model might obey."""
    kept = (text[start:end] for start, end in sentence_spans(text))
    return " ".join(sentence for sentence in kept if not _ORDER_IN_NOTES.match(sentence))
