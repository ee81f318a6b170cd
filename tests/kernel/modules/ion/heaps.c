// SPDX-License-Identifier: GPL-2.0-only
/* The heaps, where their memory comes from, and which one serves an allocation. */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "ion.h"

static void free_pages_of(struct ion_buffer *buffer)
{
	unsigned int i;

	for (i = 0; i < buffer->page_count && buffer->pages[i]; i++)
		__free_page(buffer->pages[i]);
}

static int allocate_system(struct ion_buffer *buffer, unsigned long align)
{
	unsigned int i;

	if (align > PAGE_SIZE)
		return -EINVAL;
	if (buffer->page_count > totalram_pages() / 2)
		return -ENOMEM;
	for (i = 0; i < buffer->page_count; i++) {
		buffer->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL);
		if (!buffer->pages[i]) {
			free_pages_of(buffer);
			return -ENOMEM;
		}
	}
	return 0;
}

static int allocate_system_contig(struct ion_buffer *buffer, unsigned long align)
{
	unsigned int order = get_order(buffer->size);
	struct page *page;
	unsigned int i;

	if (align > PAGE_SIZE << order)
		return -EINVAL;
	if (order > MAX_PAGE_ORDER)
		return -ENOMEM;
	page = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, order);
	if (!page)
		return -ENOMEM;
	split_page(page, order);
	for (i = buffer->page_count; i < 1U << order; i++)
		__free_page(page + i);
	for (i = 0; i < buffer->page_count; i++)
		buffer->pages[i] = page + i;
	return 0;
}

static int allocate_cma(struct ion_buffer *buffer, unsigned long align)
{
	const bool legacy = buffer->abi == ABI_LEGACY || buffer->abi == ABI_LEGACY_QUERY;
	struct page *page;
	unsigned int i;

	/* The handle ABI's DMA heap took no such requests. */
	if (legacy && (align > PAGE_SIZE || (buffer->flags & ION_FLAG_CACHED)))
		return -EINVAL;
	page = dma_alloc_pages(ion_dma_device, buffer->size, &buffer->dma, DMA_BIDIRECTIONAL,
		GFP_KERNEL | __GFP_NOWARN);
	/* Its ION_CMA_ALLOCATE_FAILED was -1. */
	if (!page)
		return legacy ? -EPERM : -ENOMEM;
	for (i = 0; i < buffer->page_count; i++)
		buffer->pages[i] = page + i;
	return 0;
}

static void release_cma(struct ion_buffer *buffer)
{
	dma_free_pages(
		ion_dma_device, buffer->size, buffer->pages[0], buffer->dma, DMA_BIDIRECTIONAL);
}

/* ion_chunk_heap.c gives whole chunks, each in one run. */
#define CHUNK_ORDER 4

static void release_chunks(struct ion_buffer *buffer)
{
	unsigned int i;

	for (i = 0; i < buffer->page_count && buffer->pages[i]; i += 1U << CHUNK_ORDER)
		__free_pages(buffer->pages[i], CHUNK_ORDER);
}

static int allocate_chunks(struct ion_buffer *buffer, unsigned long align)
{
	unsigned int i, n;

	if (align > PAGE_SIZE << CHUNK_ORDER)
		return -EINVAL;
	for (i = 0; i < buffer->page_count; i += 1U << CHUNK_ORDER) {
		struct page *chunk = alloc_pages(
			GFP_KERNEL | __GFP_ZERO | __GFP_COMP | __GFP_NOWARN, CHUNK_ORDER);

		if (!chunk) {
			release_chunks(buffer);
			return -ENOMEM;
		}
		for (n = 0; n < 1U << CHUNK_ORDER && i + n < buffer->page_count; n++)
			buffer->pages[i + n] = chunk + n;
	}
	return 0;
}

#define ABSENT 32 /* no bit of a mask */

/*
 * In the order of registration, which the modern ABI numbers. Legacy ids are the types, or the
 * vendor's. Modular ones are those of 5.10, which has kept system 0, CMA of type 2 from id 1, and
 * vendors' own of types from 16 with ids from 9. Since 4.12 a CMA heap is called like its area.
 */
static struct ion_heap heaps[] = {
	{
		.name = {[0 ... ABI_COUNT - 1] = "ion_system_heap"},
		.type = {0, 0, 0, 0},
		.id = {0, 0, 0, 0},
		.cpu_access = true,
		.deferred = true,
		.allocate = allocate_system,
		.release = free_pages_of,
	},
	{
		.name = {[0 ... ABI_COUNT - 1] = "ion_system_contig_heap"},
		.type = {1, 1, 1, 1},
		.id = {1, 1, 1, ABSENT},
		.cpu_access = true,
		.allocate = allocate_system_contig,
		.release = free_pages_of,
	},
	{
		.name = {[0 ... ABI_COUNT - 1] = "carveout"},
		.type = {2, 2, 2, 2},
		.id = {2, 2, 2, ABSENT},
		.cpu_access = true,
		.deferred = true,
		.allocate = ion_pool_allocate,
		.release = ion_pool_release,
	},
	{
		.name = {"cma", "cma"},
		.type = {4, 4, 4, 2},
		.id = {4, 4, 3, 1},
		.cpu_access = true,
		.allocate = allocate_cma,
		.release = release_cma,
	},
	{
		.name = {[0 ... ABI_COUNT - 1] = "secure_heap"},
		.type = {5, 5, 5, 17},
		.id = {0, 0, 4, 10},
		.allocate = ion_pool_allocate,
		.release = ion_pool_release,
	},
	{
		.name = {[0 ... ABI_COUNT - 1] = "vendor_heap"},
		.type = {6, 6, 6, 18},
		.id = {0, 0, 5, 11},
		.cpu_access = true,
		.allocate = allocate_system,
		.release = free_pages_of,
	},
	{
		.name = {[0 ... ABI_COUNT - 1] = "chunk"},
		.type = {3, 3, 3, 3},
		.id = {3, 3, 6, ABSENT},
		.cpu_access = true,
		.deferred = true,
		.allocate = allocate_chunks,
		.release = release_chunks,
	},
	{
		/* A vendor's memory for video that is secure, which its name does not tell. */
		.name = {[0 ... ABI_COUNT - 1] = "ion_svp_heap"},
		.type = {16, 16, 16, 16},
		.id = {ABSENT, ABSENT, 7, 9},
		.refuses = true,
		.allocate = ion_pool_allocate,
		.release = ion_pool_release,
	},
};

const struct ion_heap *ion_heap_with_id(enum ion_abi abi, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(heaps); i++)
		if (heaps[i].id[abi] == id)
			return &heaps[i];
	return NULL;
}

static struct ion_buffer *allocate_from(const struct ion_heap *heap, enum ion_abi abi,
	unsigned long size, unsigned long align, u32 flags)
{
	struct ion_buffer *buffer;
	int error = -ENOMEM;

	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
	if (!buffer)
		return ERR_PTR(-ENOMEM);
	kref_init(&buffer->kref);
	buffer->heap = heap;
	buffer->abi = abi;
	buffer->flags = flags;
	buffer->size = size;
	buffer->page_count = size >> PAGE_SHIFT;
	mutex_init(&buffer->lock);
	INIT_LIST_HEAD(&buffer->attachments);
	/* Also keeps an absurd length from asking for an absurd array. */
	if (size >> PAGE_SHIFT <= totalram_pages())
		buffer->pages = kvcalloc(buffer->page_count, sizeof(*buffer->pages), GFP_KERNEL);
	if (buffer->pages)
		error = heap->allocate(buffer, align);
	/* What is still being given back may do. */
	if (error && buffer->pages && heap->deferred) {
		ion_buffers_drain();
		memset(buffer->pages, 0, buffer->page_count * sizeof(*buffer->pages));
		error = heap->allocate(buffer, align);
	}
	if (error) {
		kvfree(buffer->pages);
		kfree(buffer);
		return ERR_PTR(error);
	}
	atomic_inc(&ion_live_buffers);
	return buffer;
}

struct ion_buffer *ion_allocate(
	enum ion_abi abi, u64 len, unsigned long align, u32 heap_id_mask, u32 flags)
{
	struct ion_buffer *buffer = ERR_PTR(-ENODEV);
	unsigned long size = PAGE_ALIGN(len);
	int id;

	if (!size)
		return ERR_PTR(-EINVAL);
	for (id = 31; id >= 0; id--) {
		const struct ion_heap *heap = ion_heap_with_id(abi, id);

		if (!heap || !(heap_id_mask & BIT(id)))
			continue;
		buffer = allocate_from(heap, abi, size, align, flags);
		if (!IS_ERR(buffer))
			break;
	}
	return buffer;
}

int ion_heaps_init(unsigned int secure_id, unsigned int vendor_id, const char *cma_name)
{
	enum ion_abi abi;

	for (abi = ABI_MODERN; abi <= ABI_MODULAR; abi++)
		heaps[3].name[abi] = cma_name;
	for (abi = ABI_LEGACY; abi <= ABI_LEGACY_QUERY; abi++) {
		heaps[4].id[abi] = secure_id;
		heaps[5].id[abi] = vendor_id;
	}
	return ion_pool_init();
}

void ion_heaps_exit(void)
{
	ion_pool_exit();
}
