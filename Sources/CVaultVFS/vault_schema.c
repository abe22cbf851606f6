#include "vault_schema.h"

#include <stdio.h>
#include <string.h>

#define ROWS(table) "CREATE TABLE " table "(id BLOB PRIMARY KEY, revision INTEGER NOT NULL, sealed BLOB NOT NULL)"

static const char *const texts[] = {
    "CREATE TABLE vault(id INTEGER PRIMARY KEY CHECK(id=1), vault_id BLOB NOT NULL, format INTEGER NOT NULL, "
    "lasting BLOB NOT NULL, header BLOB NOT NULL, checksum BLOB NOT NULL)",
    "CREATE TABLE slot(number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, content BLOB NOT NULL, "
    "checksum BLOB NOT NULL)",
    "CREATE TABLE log(number INTEGER PRIMARY KEY, sealed BLOB NOT NULL)",
    ROWS("credential"),
    ROWS("address"),
    ROWS("deployment"),
    ROWS("secret"),
    ROWS("fingerprint"),
    ROWS("rotation"),
    ROWS("policy"),
    ROWS("control"),
    ROWS("attempt"),
    ROWS("tree"),
};

enum { TABLES = sizeof texts / sizeof *texts, WITHOUT_INDEX = 3 };

const char *vault_schema_text(int place) { return place >= 0 && place < TABLES ? texts[place] : NULL; }

// The name in a table's text.
static int is_name_of(const char *text, const char *name) {
  const char *start = text + strlen("CREATE TABLE ");
  size_t count = strcspn(start, "(");
  return strlen(name) == count && strncmp(start, name, count) == 0;
}

// A value as text; an empty one for what is no text, which is none of the known ones.
static const char *text_of(sqlite3_stmt *row, int column) {
  if (sqlite3_column_type(row, column) != SQLITE_TEXT) return "";
  const char *text = (const char *)sqlite3_column_text(row, column);
  // One with a zero byte in it is longer than it looks.
  return text && strlen(text) == (size_t)sqlite3_column_bytes(row, column) ? text : "";
}

// The number of the known row that this one is: a table's, or behind the tables that of the index which SQLite makes for
// a primary key that is no row number. -1: none.
static int known_row(sqlite3_stmt *row) {
  const char *type = text_of(row, 0), *name = text_of(row, 1), *table = text_of(row, 2);
  for (int number = 0; number < TABLES; number++) {
    if (!is_name_of(texts[number], table)) continue;
    if (strcmp(type, "table") == 0)
      return strcmp(name, table) == 0 && strcmp(text_of(row, 3), texts[number]) == 0 ? number : -1;
    char index[64];
    snprintf(index, sizeof index, "sqlite_autoindex_%s_1", table);
    return number >= WITHOUT_INDEX && strcmp(type, "index") == 0 && strcmp(name, index) == 0 &&
                   sqlite3_column_type(row, 3) == SQLITE_NULL
               ? TABLES + number
               : -1;
  }
  return -1;
}

int vault_schema_compare(sqlite3 *connection, sqlite3_stmt **rows) {
  int status = *rows ? SQLITE_OK
                     : sqlite3_prepare_v3(connection, "SELECT type, name, tbl_name, sql FROM sqlite_schema", -1,
                                          SQLITE_PREPARE_PERSISTENT, rows, NULL);
  if (status != SQLITE_OK) return status;
  unsigned seen = 0;
  int count = 0, number;
  while ((status = sqlite3_step(*rows)) == SQLITE_ROW) {
    number = known_row(*rows);
    // Each is there once.
    if (number < 0 || seen & 1U << number) {
      sqlite3_reset(*rows);
      return SQLITE_CORRUPT;
    }
    seen |= 1U << number;
    count++;
  }
  sqlite3_reset(*rows);
  if (status != SQLITE_DONE) return status;
  return count == TABLES + TABLES - WITHOUT_INDEX ? SQLITE_OK : SQLITE_CORRUPT;
}
