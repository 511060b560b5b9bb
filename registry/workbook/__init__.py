"""Workbooks for academies: the template to fill in, and their own workbook back with the cells to mend coloured."""
