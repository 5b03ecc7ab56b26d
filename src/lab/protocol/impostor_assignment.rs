//! Who of the others is in which part of one owner's test, by the seed and the owner alone.

use super::rules::People;
use super::split::ByPart;
use crate::lab::random::Random;

/// The other people of an owner, by number, in each part. `count` people are there in all.
pub(super) fn assign(rules: &People, count: usize, owner: usize, seed: u64) -> ByPart<Vec<usize>> {
    let others: Vec<usize> = (0..count).filter(|person| *person != owner).collect();
    match rules {
        People::Shared => {
            ByPart { training: others.clone(), calibration: others.clone(), test: others }
        }
        People::Reserved { first } => {
            let (training, test) = others.into_iter().partition(|person| person < first);
            ByPart { training, calibration: Vec::new(), test }
        }
        People::Assigned { training, calibration } => {
            let mut order = others;
            Random::new(seed, 0xDEA1 + ((owner as u64) << 16)).shuffle(&mut order);
            let [a, b] = [*training, training + calibration]
                .map(|share| (share * order.len() as f64).round() as usize);
            let mut parts = ByPart {
                training: order[..a].to_vec(),
                calibration: order[a..b].to_vec(),
                test: order[b..].to_vec(),
            };
            for part in [&mut parts.training, &mut parts.calibration, &mut parts.test] {
                part.sort_unstable();
            }
            parts
        }
    }
}

/// Whether a person may be an owner.
pub(super) const fn may_own(rules: &People, person: usize) -> bool {
    match rules {
        People::Reserved { first } => person >= *first,
        People::Shared | People::Assigned { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assigned_people_are_in_one_part_and_the_owner_in_none() {
        let rules = People::Assigned { training: 0.2, calibration: 0.3 };
        for owner in 0..14 {
            let parts = assign(&rules, 14, owner, 1);
            let mut all = [parts.training, parts.calibration, parts.test].concat();
            all.sort_unstable();
            assert_eq!(all, (0..14).filter(|p| *p != owner).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_seed_fixes_the_deal_and_owners_have_their_own() {
        let rules = People::Assigned { training: 0.0, calibration: 0.4 };
        assert_eq!(assign(&rules, 20, 3, 1), assign(&rules, 20, 3, 1));
        assert_ne!(assign(&rules, 20, 3, 1), assign(&rules, 20, 3, 2));
        assert_ne!(assign(&rules, 20, 3, 1).test, assign(&rules, 20, 4, 1).test);
    }

    #[test]
    fn reserved_people_only_teach() {
        let parts = assign(&People::Reserved { first: 3 }, 6, 4, 1);
        assert_eq!((parts.training, parts.test), (vec![0, 1, 2], vec![3, 5]));
        assert!(!may_own(&People::Reserved { first: 3 }, 2));
    }
}
