"""For all that pytest runs here, notebooks too."""

import os

os.environ["NST_LANGUAGE"] = "en"  # of the stored outputs, in every edition of a lesson
