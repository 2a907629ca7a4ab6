// Compiles where every function that CDuckDB.h declares by hand has exactly the type it has in
// DuckDB's own header:  cc -fsyntax-only -I Sources/CDuckDB/include Tests/header-check.c
#define DUCKDB_API_NO_DEPRECATED
#include <duckdb.h>
#define CDUCKDB_CHECK
#include "CDuckDB.h"
#define F(result, name, params, args)                                                              \
  _Static_assert(                                                                                  \
      __builtin_types_compatible_p(__typeof__(duckdb_##name), result params), "duckdb_" #name);
CDUCKDB_FUNCTIONS(F)
