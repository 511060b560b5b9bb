"""The words of the pages, in English, French and Spanish: tables that people read and translate."""
