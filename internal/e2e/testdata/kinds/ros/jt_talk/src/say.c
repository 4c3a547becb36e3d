#include <stdio.h>
#include <sys/utsname.h>

int main(void) {
	struct utsname u;
	if (uname(&u) != 0)
		return 1;
	return printf("hello from %s\n", u.machine) < 0;
}
