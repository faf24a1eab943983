/* bulk_any.c - where nothing is known of the processor, the portable loops are the best. */
#include "rsp/bulk.h"

const struct rsp_bulk *
rsp_bulk(void)
{
    return &rsp_bulk_portable;
}
