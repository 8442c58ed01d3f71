"""`lookout ci`: build what a pull request changes beside its base, and say what that does to whom.

`plan`, `outcomes`, `coverage`, `announced`, `comment` and `junit` are pure; `git`, `place`, `standins` and `run` touch
the repository, the database and dbt.
"""
