"""`lookout grants`: the least that the two roles of Lookout need, as SQL for an administrator."""
