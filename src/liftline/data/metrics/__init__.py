"""One definition per metric, compiled to SQL; goals measured against it."""
