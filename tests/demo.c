/* demo.c - the program that `make demo` debugs: four bakers share one oven. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

struct loaf {
    const char *name;
    int minutes;
    double weight;
};

static pthread_mutex_t oven = PTHREAD_MUTEX_INITIALIZER;
static long baked;

static int
bake(struct loaf *loaf, int degrees)
{
    int heat = degrees * loaf->minutes;

    pthread_mutex_lock(&oven);
    baked++;
    pthread_mutex_unlock(&oven);
    return heat;
}

static void *
baker(void *arg)
{
    struct loaf loaf = { arg, 45, 0.75 };
    int sum = 0;

    for (int day = 1; day < 1000000; day++) {
        sum += bake(&loaf, 180 + day % 40);
        usleep(1000);
    }
    return sum > 0 ? arg : NULL;
}

int
main(void)
{
    static char *const names[] = { "rye", "spelt", "wheat", "oat" };
    pthread_t bakers[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&bakers[i], NULL, baker, names[i]);
    for (int i = 0; i < 4; i++)
        pthread_join(bakers[i], NULL);
    printf("%ld loaves\n", baked);
    return 0;
}
