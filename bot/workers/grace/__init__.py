"""Grace: text modules, described by data, worked by a language model."""
