"""The configuration file: read, checked, applied, and written back.

reading     YAML text and the environment become plain data
schema      what may stand in the file, and which column it becomes
checking    what several places of the file must agree about
applying    the rows are made to be as the file says
exporting   the file is made from the rows
"""
