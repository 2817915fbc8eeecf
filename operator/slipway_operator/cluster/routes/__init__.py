"""How requests are split between revisions: one small interface, and the ways there are to do it."""
