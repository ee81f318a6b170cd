// SPDX-License-Identifier: GPL-2.0-only
/*
 * An accelerator that computes nothing. It has what the accel subsystem gives every driver: a node
 * below /dev/accel, and PRIME for objects of shmem.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include <drm/drm_accel.h>
#include <drm/drm_drv.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_managed.h>

static bool imports = true;
module_param(imports, bool, 0444);
MODULE_PARM_DESC(imports, "whether PRIME makes handles of others' dma-bufs");

DEFINE_DRM_ACCEL_FOPS(toy_fops);

static const struct drm_driver importing = {
	.driver_features = DRIVER_GEM | DRIVER_COMPUTE_ACCEL,
	.fops = &toy_fops,
	.gem_prime_import_sg_table = drm_gem_shmem_prime_import_sg_table,
	.name = "toy_accel",
	.desc = "an accelerator without hardware",
	.date = "20240101",
	.major = 1,
};

static const struct drm_driver alone = {
	.driver_features = DRIVER_COMPUTE_ACCEL,
	.fops = &toy_fops,
	.name = "toy_accel",
	.desc = "an accelerator without hardware or GEM",
	.date = "20240101",
	.major = 1,
};

static struct platform_device *place;
static struct drm_device *toy;

static int __init toy_init(void)
{
	int result;

	place = platform_device_register_simple("toy_accel", -1, NULL, 0);
	if (IS_ERR(place))
		return PTR_ERR(place);
	result = dma_coerce_mask_and_coherent(&place->dev, DMA_BIT_MASK(64));
	if (result)
		goto unregister_place;
	toy = drm_dev_alloc(imports ? &importing : &alone, &place->dev);
	if (IS_ERR(toy)) {
		result = PTR_ERR(toy);
		goto unregister_place;
	}
	result = drm_dev_register(toy, 0);
	if (result)
		goto put_toy;
	return 0;

put_toy:
	drm_dev_put(toy);
unregister_place:
	platform_device_unregister(place);
	return result;
}

static void __exit toy_exit(void)
{
	drm_dev_unregister(toy);
	drm_dev_put(toy);
	platform_device_unregister(place);
}

module_init(toy_init);
module_exit(toy_exit);

MODULE_DESCRIPTION("An accelerator without hardware");
MODULE_IMPORT_NS(DMA_BUF);
MODULE_LICENSE("GPL");
