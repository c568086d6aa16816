"""The house rules as code: walls, shapes, names and papers that the tests hold the tree to."""
