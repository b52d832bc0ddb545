"""Step 7: every hand-over is a row, written with the document; the relay works through the rows and loses none."""
