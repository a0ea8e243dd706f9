/* flood PORT FRAMES OBJECT SECONDS: sends the frames of a file (60 bytes each, 65,536 of them) over and over, as fast
   as it can. The kernel makes them: the program in OBJECT (flood.bpf.c) runs on them as if they had been received
   (BPF_F_TEST_XDP_LIVE_FRAMES), which costs half of what a packet socket does. The far end of a veth pair takes such
   frames while GRO is on there. Says: frames, and the seconds between the first and the last. */
#include "common.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <sys/time.h>

enum { FRAME = 60, BATCH = 64 };

/* As in flood.bpf.c. */
struct state {
  uint32_t ifindex, sent;
  uint64_t first_ns, last_ns;
};

static void ignore(int signal) { (void)signal; }

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  struct bpf_object *object = bpf_object__open_file(argv[3], NULL);
  check(object != NULL && bpf_object__load(object) == 0, argv[3]);
  int program = bpf_program__fd(bpf_object__next_program(object, NULL));
  int frames = bpf_object__find_map_fd_by_name(object, "frames");
  int states = bpf_object__find_map_fd_by_name(object, "state");
  FILE *f = fopen(argv[2], "rb");
  check(f != NULL, argv[2]);
  uint8_t frame[FRAME];
  for (uint32_t i = 0; fread(frame, FRAME, 1, f) == 1; i++) {
    check(bpf_map_update_elem(frames, &i, frame, 0) == 0, "frames");
  }
  struct state state = {.ifindex = if_nametoindex(argv[1])};
  check(state.ifindex > 0, argv[1]);
  uint32_t zero = 0;
  check(bpf_map_update_elem(states, &zero, &state, 0) == 0, "state");
  /* a signal ends the run: no SA_RESTART */
  struct sigaction action = {.sa_handler = ignore};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval until = {.it_value = {.tv_sec = atoi(argv[4])}};
  setitimer(ITIMER_REAL, &until, NULL);
  LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = FRAME, .repeat = INT32_MAX,
              .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
  check(bpf_prog_test_run_opts(program, &run) == 0 || errno == EINTR, "run");
  check(bpf_map_lookup_elem(states, &zero, &state) == 0, "state");
  printf("%u %.6f\n", state.sent, (double)(state.last_ns - state.first_ns) / 1e9);
}
