#pragma once
#include <sqlite3.h>

// sqlite3_db_config is variadic and SQLITE_TRANSIENT is a cast; Swift imports neither.
static inline int sqlite_set_flag(sqlite3 *database, int flag, int on) {
  return sqlite3_db_config(database, flag, on, (int *)0);
}
static inline int sqlite_bind_copy(sqlite3_stmt *statement, int index, const void *bytes, int count) {
  return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}
