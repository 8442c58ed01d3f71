"""`lookout init`: what a dbt project needs to be watched, shown as a diff before it is written."""
