// SPDX-License-Identifier: GPL-2.0-only
/* Memory set aside when the driver is loaded, given out in contiguous runs. */
#include <linux/bitmap.h>
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "ion.h"

/* Without CMA, a run of more than 4 MiB can't be had: then the pool is in pieces of that size. */
#define POOL_SIZE (24UL << 20)
#define PIECE_SIZE (4UL << 20)
#define MAX_PIECES (POOL_SIZE / PIECE_SIZE)

struct piece {
	struct page *page;
	dma_addr_t dma;
	unsigned long size;
	unsigned long *used;
};

static struct piece pieces[MAX_PIECES];
static unsigned int piece_count;
static DEFINE_MUTEX(pool_lock);

static int add_piece(unsigned long size)
{
	struct piece *piece = &pieces[piece_count];

	piece->page = dma_alloc_pages(
		ion_dma_device, size, &piece->dma, DMA_BIDIRECTIONAL, GFP_KERNEL | __GFP_NOWARN);
	if (!piece->page)
		return -ENOMEM;
	piece->size = size;
	piece->used = bitmap_zalloc(size >> PAGE_SHIFT, GFP_KERNEL);
	if (!piece->used) {
		dma_free_pages(ion_dma_device, size, piece->page, piece->dma, DMA_BIDIRECTIONAL);
		return -ENOMEM;
	}
	piece_count++;
	return 0;
}

int ion_pool_init(void)
{
	int error = add_piece(POOL_SIZE);

	if (!error)
		return 0;
	while (piece_count < MAX_PIECES) {
		error = add_piece(PIECE_SIZE);
		if (error) {
			ion_pool_exit();
			return error;
		}
	}
	return 0;
}

void ion_pool_exit(void)
{
	while (piece_count > 0) {
		struct piece *piece = &pieces[--piece_count];

		bitmap_free(piece->used);
		dma_free_pages(
			ion_dma_device, piece->size, piece->page, piece->dma, DMA_BIDIRECTIONAL);
	}
}

int ion_pool_allocate(struct ion_buffer *buffer, unsigned long align)
{
	unsigned int i, n;

	if (align > PAGE_SIZE)
		return -EINVAL;
	for (n = 0; n < piece_count; n++) {
		struct piece *piece = &pieces[n];
		unsigned long total = piece->size >> PAGE_SHIFT;
		unsigned long start;

		mutex_lock(&pool_lock);
		start = bitmap_find_next_zero_area(piece->used, total, 0, buffer->page_count, 0);
		if (start < total)
			bitmap_set(piece->used, start, buffer->page_count);
		mutex_unlock(&pool_lock);
		if (start >= total)
			continue;
		for (i = 0; i < buffer->page_count; i++) {
			buffer->pages[i] = piece->page + start + i;
			clear_highpage(buffer->pages[i]);
		}
		return 0;
	}
	return -ENOMEM;
}

void ion_pool_release(struct ion_buffer *buffer)
{
	unsigned int n;

	for (n = 0; n < piece_count; n++) {
		struct piece *piece = &pieces[n];
		unsigned long first = page_to_pfn(piece->page);
		unsigned long start = page_to_pfn(buffer->pages[0]);

		if (start < first || start - first >= piece->size >> PAGE_SHIFT)
			continue;
		mutex_lock(&pool_lock);
		bitmap_clear(piece->used, start - first, buffer->page_count);
		mutex_unlock(&pool_lock);
	}
}
