# Makes pip judge the markers of requirements as the target's Python would.
# pip takes the target's tags as options, but asks the interpreter that runs it
# for the machine and the version.
import os
import platform

if "TARGET_MACHINE" in os.environ:
    _machine = os.environ["TARGET_MACHINE"]
    _version = os.environ["TARGET_PYTHON"].split(".")
    platform.machine = lambda: _machine
    platform.python_version_tuple = lambda: (_version[0], _version[1], "0")
    platform.python_version = lambda: ".".join((_version[0], _version[1], "0"))
