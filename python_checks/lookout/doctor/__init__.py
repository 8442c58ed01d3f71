"""`lookout doctor`: examine everything a run needs before it runs."""
