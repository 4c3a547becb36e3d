from setuptools import Extension, setup

setup(name="jt-native", version="1.0", ext_modules=[Extension("jtnative", ["jtnative/native.c"])])
