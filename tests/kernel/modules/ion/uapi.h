/* SPDX-License-Identifier: GPL-2.0-only */
/* What userspace passes in: the handle ABI up to Linux 4.11, and the one of 4.12 to 5.10. */
#ifndef ION_TEST_UAPI_H
#define ION_TEST_UAPI_H

#include <linux/compat.h>
#include <linux/ioctl.h>
#include <linux/types.h>

#define ION_FLAG_CACHED 1

struct legacy_allocation {
	size_t len;
	size_t align;
	unsigned int heap_id_mask;
	unsigned int flags;
	int handle;
};

/* The same for a 32-bit process. */
struct legacy_allocation32 {
	compat_size_t len;
	compat_size_t align;
	compat_uint_t heap_id_mask;
	compat_uint_t flags;
	compat_int_t handle;
};

struct legacy_fd {
	int handle;
	int fd;
};

struct legacy_handle {
	int handle;
};

struct legacy_custom {
	unsigned int cmd;
	unsigned long arg;
};

struct modern_allocation {
	__u64 len;
	__u32 heap_id_mask;
	__u32 flags;
	__u32 fd;
	__u32 unused;
};

struct heap_entry {
	char name[32];
	__u32 type;
	__u32 heap_id;
	__u32 reserved[3];
};

struct heap_query {
	__u32 cnt;
	__u32 reserved0;
	__u64 heaps;
	__u32 reserved1;
	__u32 reserved2;
};

#define LEGACY_ALLOC _IOWR('I', 0, struct legacy_allocation)
#define LEGACY_ALLOC32 _IOWR('I', 0, struct legacy_allocation32)
#define LEGACY_FREE _IOWR('I', 1, struct legacy_handle)
#define LEGACY_MAP _IOWR('I', 2, struct legacy_fd)
#define LEGACY_SHARE _IOWR('I', 4, struct legacy_fd)
#define LEGACY_IMPORT _IOWR('I', 5, struct legacy_fd)
#define LEGACY_SYNC _IOWR('I', 7, struct legacy_fd)
#define MODERN_ALLOC _IOWR('I', 0, struct modern_allocation)
#define HEAP_QUERY _IOWR('I', 8, struct heap_query)
#define ABI_VERSION _IOR('I', 9, __u32)

static_assert(LEGACY_ALLOC == 0xC0204900 && LEGACY_ALLOC32 == 0xC0144900);
static_assert(LEGACY_FREE == 0xC0044901 && LEGACY_MAP == 0xC0084902);
static_assert(LEGACY_SHARE == 0xC0084904 && LEGACY_IMPORT == 0xC0084905);
static_assert(LEGACY_SYNC == 0xC0084907 && MODERN_ALLOC == 0xC0184900);
static_assert(HEAP_QUERY == 0xC0184908 && ABI_VERSION == 0x80044909);
static_assert(sizeof(struct heap_entry) == 52);

#endif
