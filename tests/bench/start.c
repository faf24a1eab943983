/* start.c - the program of the rows "start to main": it does nothing. */
int
main(void)
{
    return 0;
}
