"""Identity: which identifiers are one person's (`domain.md` 3).

`links` are the evidence, `partition` what follows from a set of them, `fragments` what each of the persons behind a
merged one holds apart.
"""
