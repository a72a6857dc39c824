"""What is written into files to keep or to share: reports, timelines, pictures."""
