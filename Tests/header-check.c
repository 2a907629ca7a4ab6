// Proves at compile time that every function and value declared in CDuckDB.h is as in the real duckdb.h and not
// deprecated there:
//   cc -fsyntax-only -I Sources/CDuckDB/include Tests/header-check.c
#define DUCKDB_API_NO_DEPRECATED
#include <duckdb.h>
#define CDUCKDB_CHECK
#include "CDuckDB.h"

#define F(result, name, params, args) \
  _Static_assert(__builtin_types_compatible_p(__typeof__(duckdb_##name), result params), "duckdb_" #name);
CDUCKDB_FUNCTIONS(F)

#define VALUE(name, number) _Static_assert(name == number, #name);
VALUE(DuckDBSuccess, 0)
VALUE(DUCKDB_TYPE_BOOLEAN, 1)
VALUE(DUCKDB_TYPE_TINYINT, 2)
VALUE(DUCKDB_TYPE_SMALLINT, 3)
VALUE(DUCKDB_TYPE_INTEGER, 4)
VALUE(DUCKDB_TYPE_BIGINT, 5)
VALUE(DUCKDB_TYPE_UTINYINT, 6)
VALUE(DUCKDB_TYPE_USMALLINT, 7)
VALUE(DUCKDB_TYPE_UINTEGER, 8)
VALUE(DUCKDB_TYPE_UBIGINT, 9)
VALUE(DUCKDB_TYPE_FLOAT, 10)
VALUE(DUCKDB_TYPE_DOUBLE, 11)
VALUE(DUCKDB_TYPE_TIMESTAMP, 12)
VALUE(DUCKDB_TYPE_DATE, 13)
VALUE(DUCKDB_TYPE_HUGEINT, 16)
VALUE(DUCKDB_TYPE_VARCHAR, 17)
VALUE(DUCKDB_TYPE_BLOB, 18)
VALUE(DUCKDB_TYPE_DECIMAL, 19)
VALUE(DUCKDB_TYPE_LIST, 24)
VALUE(DUCKDB_TYPE_TIMESTAMP_TZ, 31)
VALUE(DUCKDB_TYPE_SQLNULL, 36)
VALUE(DUCKDB_ERROR_OUT_OF_RANGE, 1)
VALUE(DUCKDB_ERROR_CONVERSION, 2)
VALUE(DUCKDB_ERROR_TRANSACTION, 10)
VALUE(DUCKDB_ERROR_CATALOG, 13)
VALUE(DUCKDB_ERROR_PARSER, 14)
VALUE(DUCKDB_ERROR_CONSTRAINT, 18)
VALUE(DUCKDB_ERROR_SYNTAX, 22)
VALUE(DUCKDB_ERROR_BINDER, 24)
VALUE(DUCKDB_ERROR_IO, 28)
VALUE(DUCKDB_ERROR_INTERRUPT, 29)
VALUE(DUCKDB_ERROR_FATAL, 30)
VALUE(DUCKDB_ERROR_INTERNAL, 31)
VALUE(DUCKDB_ERROR_INVALID_INPUT, 32)
VALUE(DUCKDB_ERROR_OUT_OF_MEMORY, 33)

_Static_assert(sizeof(duckdb_result) == 6 * sizeof(void *), "duckdb_result");
_Static_assert(sizeof(duckdb_string_t) == 16, "duckdb_string_t");
_Static_assert(sizeof(duckdb_list_entry) == 16, "duckdb_list_entry");
_Static_assert(sizeof(duckdb_hugeint) == 16, "duckdb_hugeint");
_Static_assert(sizeof(duckdb_query_progress_type) == 24, "duckdb_query_progress_type");
