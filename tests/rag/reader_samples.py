"""Small notes in every shape that the readers know, after each tool's own format. Used by tests and by the fuzzer."""

from __future__ import annotations

YAML = """---
podcast: Paper Tape Radio
episode: 41
title: 'Salt: who''s afraid of it?'
guests:
  - "[[Mia Sand]]"
  - Karl Vogt
published: '


  May 1st, 2025'
tags: [podcast, food]
notes: |
  - salt slows yeast (12:30)
    - by a third
  Two percent is the usual amount.
summary: "A talk on salt."
---

## Bread

- dough is soft
"""

TOML = """+++
title = "Tides and mills"
show = "The Lighthouse Hour"
date = 2024-03-03
guests = ["Tom Reed", "Sara Blum"]
[extra]
episode_number = 12
+++

Tide mills ran twice a day.
"""

JSON = """{
  "title": "Keeping bees",
  "show": "The Lighthouse Hour",
  "date": "2024-02-11",
  "episode_number": 9
}

Bees cluster at twelve degrees.
"""

EPOCH = "---\nnumber: 41\ntitle: Salt\ndate: 1607522400135\nurl: https://cdn.example.org/41.mp3\n---\n\n- one\n"

MARKDOWN = """Salt and Bread
==============

Intro line about bread.

Methods
-------

| Time  | Topic    |
|-------|:--------:|
| 12:30 | Autolyse |
| 15:00 | Folding  |

> [!quote]- The best part
> Flour remembers water.
> > And nested words.

1. first step
2. second step
   - deeper step

A claim with a footnote.[^1]

```python
# no heading, only a comment
print("salt")
```

See [[Dough|the dough note]] and ![[picture.png]].
- a bullet with an id ^b1a2c3

![crust](crust.png)
<iframe src="https://example.org/player"></iframe>
[home]: https://example.org/bread

[^1]: Said by the baker herself.
"""

LOGSEQ = """title:: Salt and Bread
show:: Paper Tape Radio

- ## Notes
  collapsed:: true
\t- salt slows yeast
\t  id:: 64a0c1d2-1111-4222-8333-123456789abc
\t\t- by a third, at 12:30
- TODO ask the baker
"""

SNIPD = """# The salt road

![image](https://images.example.org/salt.jpg)

## Episode metadata
- Episode title: The salt road
- Show: Paper Tape Radio
- Owner / Host: Ines Moreau
- Guests: Mia Sand, Karl Vogt
- Episode publish date: 2024-07-16
- Episode AI description: How salt came over the mountains.
- Mentioned books: Salt by Nobody
- Duration: 1h 2min
- Episode URL: [Open in Snipd](https://share.snipd.com/episode/1a2b)
- Show URL: [Open in Snipd](https://share.snipd.com/show/3c4d)
- Export date: 2025-01-02T03:04

## Snips

### ⭐ [Mules carried it](https://share.snipd.com/snip/5e6f) #history

🎧 12:30 - 13:40 (1min 10s)

- a mule carries two hundredweight

#### 💬 Quote

> The road was older than the town.
> — Mia Sand

<details>
<summary>📚 Transcript</summary>

The road was older than the town, and the mules knew it.
</details>

---
"""

READWISE = """# The Salt Road

![rw-book-cover](https://images.example.org/cover.jpg)

## Metadata
- Author: [[Paper Tape Radio]]
- Full Title: The Salt Road
- Category: #podcasts
- URL: https://share.snipd.com/episode/1a2b

## Highlights
- Mules carried salt over the pass
  Transcript:
  Speaker 2
  They carried it for a thousand years. ([Time 0:14:33](https://share.snipd.com/snip/5e6f))
    - **Note:** ask about tolls
- Tolls paid for the bridge. ([Time 1:02:45](https://share.snipd.com/snip/7a8b))
"""

NOTION = """# Salt and bread

Show: Paper Tape Radio
Guests: Mia Sand, Karl Vogt
Date: July 6, 2023
URL: https://youtu.be/SaltBread01
Status: Done
Tags: food, history

Salt slows the yeast. [0:45]

- two percent of the flour
"""

CHAPTERS = """# Salt and bread
https://youtu.be/SaltBread01

00:00 Intro
01:30 - Why salt
1:07:30 Questions

Good bit: https://youtu.be/SaltBread01?t=160
And this: https://overcast.fm/+AbC/12:34
The oven, https://cdn.example.org/41.mp3#t=1:02:03
"""

SRT = """1
00:00:01,319 --> 00:00:04,590
Ines Moreau: Welcome to Paper Tape Radio, the podcast about old

2
00:00:04,590 --> 00:00:09,930
machines. This is episode 41, recorded January 15th, 2026.

3
00:00:10,559 --> 00:00:15,520
Karl Vogt: Thank you for having me.

4
00:00:15,600 --> 00:00:19,000
Ines Moreau: So, what is a rope memory?

5
00:01:15,600 --> 00:01:19,000
Karl Vogt: Wires through rings.
And patience.
"""

VTT = """WEBVTT - The rope memory

NOTE
Corrected by hand

intro
00:00.020 --> 00:05.060 align:start
<v Ines Moreau>You thread a wire, and the wire
is the program.

00:05.720 --> 00:10.220
<v Karl Vogt>One ring, <i>one</i> bit.</v>

01:00:11.020 --> 01:00:16.780
<v Karl Vogt>And it survives the power cut.
"""

VTT_BARE = "WEBVTT\n\n" + "\n\n".join(
    f"00:00:{n:02}.000 --> 00:00:{n + 3:02}.000\n{words}"
    for n, words in enumerate(
        [
            "Rope memory is made by hand",
            "and each wire goes through or",
            "around a ring. A ring is a bit.",
            "That is all.",
        ]
        * 4
    )
)

DIALOGUE = """The Long Table, episode 7: Bread

Ines Moreau (00:00:49): Welcome back, and good to have you.
Karl Vogt (00:01:10): Thank you.
Ines Moreau (00:01:12): Why bread?
Karl Vogt (00:01:20): It is slow.
Ines Moreau (00:02:00): And then?
Karl Vogt (00:02:05): You wait.
"""

NAME_LINES = """---
title: Bread
---
## Start

Ines Moreau: 00:00:29

Welcome back, everyone.

Karl Vogt: 00:00:40

Thank you.

Ines Moreau: 00:00:59

Why bread?

Karl Vogt: 00:01:10Somebody Else

Because it is slow.
You have to wait.

Ines Moreau: 00:01:30

For the yeast?

Karl Vogt: 00:01:33

For the yeast.
"""

DESCRIPT = """[00:00:01] **Ines Moreau:** Welcome back, everyone.

[00:00:05] **Karl Vogt:** Thank you.

[00:00:09] **Ines Moreau:** Why bread?

[00:01:10] **Karl Vogt:** Because it is slow. \\[crosstalk 00:01:15.20\\] You wait.

[00:02:10] **Ines Moreau:** For what?

[00:02:12] **Karl Vogt:** For the yeast.
"""

DESCRIPT_LABELS = """# Bread

**Ines Moreau:** [00:00:01] Welcome back, everyone.

**Karl Vogt:** [00:00:05] Thank you.

**Ines Moreau:** [00:00:09] Why bread?

**Karl Vogt:** [00:01:10] Because it is slow.

**Ines Moreau:** [00:02:10] For what?

**Karl Vogt:** [00:02:12] For the yeast.
"""

PODWISE = """---
title: "The salt road"
podcast: "Paper Tape Radio"
link: "https://podwise.ai/dashboard/episodes/1000001"
publish_date: 2024-07-16
tags: [podcast, podwise]
---

## Summary

Salt came over the mountains.

## Takeaways

- Mules carried two hundredweight.

## Outlines

- 00:00 Intro
- 12:30 The mules

## Q & A

### Why mules?

They were cheap.

## Transcript

00:00 Welcome back to the salt road.

1:02:30 The mules knew it.
"""

AIRR = """# The Salt Road

![rw-book-cover](https://images.example.org/cover.jpg)

## Metadata
- Author: [[Paper Tape Radio]]
- Full Title: The Salt Road
- Category: #podcasts
- URL: https://www.airr.io/episode/5f1a

## Highlights
- Speaker 1: The road was older than the town. ([View Highlight](https://www.airr.io/quote/5f1a2b))
    - Note: (12:30) ask about tolls
- AirrQuote ([View Highlight](https://www.airr.io/quote/5f1a2c))
    - Note: (14:05) the bridge
"""

POCKET_CASTS = """Paper Tape Radio: The salt road

Why salt
https://pca.st/episode/2f62aa1e-0000-4819-ba74-e400611a0b25?t=1327

Bread
https://pca.st/episode/2f62aa1e-0000-4819-ba74-e400611a0b25?t=88
"""

PLAIN = """it rained all day and the dough would not rise, so we talked about salt instead.

salt is mined or boiled; the mined one is older than the boiled one by some two hundred million years.
"""

SAMPLES = {
    "front.md": YAML,
    "toml.md": TOML,
    "json.md": JSON,
    "41.md": EPOCH,
    "constructs.md": MARKDOWN,
    "logseq.md": LOGSEQ,
    "snipd.md": SNIPD,
    "readwise.md": READWISE,
    "Salt and bread 0123456789abcdef0123456789abcdef.md": NOTION,
    "chapters.md": CHAPTERS,
    "radio41.srt": SRT,
    "rope.vtt": VTT,
    "bare.vtt": VTT_BARE,
    "dialogue.txt": DIALOGUE,
    "lines.md": NAME_LINES,
    "descript.md": DESCRIPT,
    "labels of descript.md": DESCRIPT_LABELS,
    "podwise.md": PODWISE,
    "airr.md": AIRR,
    "pocketcasts.txt": POCKET_CASTS,
    "plain.txt": PLAIN,
}
