// The schema of a vault file, to the letter.
#pragma once
#include <sqlite3.h>

// The text that makes a table, by its place in their order; NULL behind the last.
const char *vault_schema_text(int place);

// Compares the whole schema with the known one. Returns SQLITE_OK when it is the same, SQLITE_CORRUPT when anything is
// more, less or different, or what SQLite says when it cannot read it. `rows` keeps a statement for the next time; the
// caller finalizes it.
int vault_schema_compare(sqlite3 *connection, sqlite3_stmt **rows);
