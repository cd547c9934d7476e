"""The second factor of the people in the back office: a token from their telephone.

standing    what somebody who has given their password still has to pass
factor      a factor is set up, asked for, renewed, removed
step        the page between the password and the back office
page        the page on which people look after their own factor
"""
