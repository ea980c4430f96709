/* Between processes_mpi.c and processes_communicator.c. */
#ifndef EXAMPLES_PROCESSES_MPI_H
#define EXAMPLES_PROCESSES_MPI_H

/* Ends the thread that keeps messages going, if there is one; before MPI is ended. */
void communicator_stop(void);

#endif
