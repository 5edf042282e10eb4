//! Whether this process is one of several that a launcher has started of one program.

use std::env;

/// What a launcher of parallel programs, such as `mpirun` or `srun`, has told this process.
///
/// Only what launchers set for each process that they start counts: `OMPI_COMM_WORLD_SIZE` (Open MPI),
/// `PMI_SIZE` (MPICH, Intel MPI, Slurm's PMI-2), `PMIX_RANK` (PMIx) and `SLURM_STEP_NUM_TASKS` (`srun`).
/// `SLURM_NTASKS` alone says nothing: it is there in each shell of `salloc`, in batch scripts and in a
/// notebook server that was started by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Launch {
    /// The launcher, in a word or two.
    pub launcher: &'static str,
    /// The number of this process, from 0, if it was told.
    pub rank: Option<usize>,
    /// How many processes there are. Not all launchers say so by the environment.
    pub ranks: Option<usize>,
}

/// What a launcher sets: its name, the variable with the number of processes, that with this one's.
const KNOWN: [(&str, Option<&str>, &str); 4] = [
    ("Open MPI's mpirun", Some("OMPI_COMM_WORLD_SIZE"), "OMPI_COMM_WORLD_RANK"),
    ("a launcher with PMI", Some("PMI_SIZE"), "PMI_RANK"),
    ("Slurm's srun", Some("SLURM_STEP_NUM_TASKS"), "SLURM_PROCID"),
    ("a launcher with PMIx", None, "PMIX_RANK"),
];

impl Launch {
    /// What this process was told, if it is one of several or may be.
    pub fn here() -> Option<Self> {
        Self::from(|name| env::var(name).ok())
    }

    /// The first launcher that has said something decides: `mpirun` in a step of `srun` starts processes
    /// of its own.
    fn from(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let number = |name: &str| variable(name)?.trim().parse::<usize>().ok();
        let told = KNOWN.iter().find_map(|&(launcher, size, rank)| {
            let (ranks, rank) = (size.and_then(number), number(rank));
            let is_told = if size.is_some() { ranks.is_some() } else { rank.is_some() };
            is_told.then_some(Self { launcher, rank, ranks })
        });
        told.filter(|launch| launch.ranks != Some(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(told: &[(&str, &str)]) -> Option<(Option<usize>, Option<usize>)> {
        let find = |name: &str| told.iter().find(|(known, _)| *known == name);
        let launch = Launch::from(|name| find(name).map(|(_, value)| (*value).to_string()));
        launch.map(|launch| (launch.rank, launch.ranks))
    }

    #[test]
    fn only_what_is_set_for_each_process_counts() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("SLURM_NTASKS", "8"), ("SLURM_PROCID", "0")]), None);
        assert_eq!(of(&[("SLURM_STEP_NUM_TASKS", "1"), ("SLURM_PROCID", "0")]), None);
        assert_eq!(
            of(&[("SLURM_STEP_NUM_TASKS", "8"), ("SLURM_PROCID", "3")]),
            Some((Some(3), Some(8)))
        );
        assert_eq!(
            of(&[("OMPI_COMM_WORLD_SIZE", "2"), ("OMPI_COMM_WORLD_RANK", "1")]),
            Some((Some(1), Some(2)))
        );
        assert_eq!(of(&[("PMI_SIZE", "2"), ("PMI_RANK", "0")]), Some((Some(0), Some(2))));
        assert_eq!(of(&[("PMIX_RANK", "0")]), Some((Some(0), None)));
    }

    #[test]
    fn a_launcher_inside_of_another_decides() {
        let alone = [("OMPI_COMM_WORLD_SIZE", "1"), ("SLURM_STEP_NUM_TASKS", "8")];
        assert_eq!(of(&alone), None);
        let shell = [("SLURM_STEP_NUM_TASKS", "1"), ("OMPI_COMM_WORLD_SIZE", "4")];
        assert_eq!(of(&shell), Some((None, Some(4))));
        assert_eq!(of(&[("PMI_SIZE", "many")]), None);
    }
}
