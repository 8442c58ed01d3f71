"""The writing of frames: as text, or as binary numbers beside the few texts that their rows share."""
