/*
 * cmd_queue_sim.h - `steward queue-sim`: options and signals of api/push/queue_sim.h.
 */
#ifndef STW_API_CLI_CMD_QUEUE_SIM_H
#define STW_API_CLI_CMD_QUEUE_SIM_H

/* argv[0] is "queue-sim"; returns the exit status. */
int cmd_queue_sim(int argc, char **argv);

#endif
