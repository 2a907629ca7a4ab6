// What the C library has and Swift's view of it leaves out.
#ifndef MUSTER_EXCHANGE_H
#define MUSTER_EXCHANGE_H

/// Lets two files or folders of one file system change places in one step; -1 with errno where that fails.
int muster_exchange(const char *one, const char *other);

#endif
