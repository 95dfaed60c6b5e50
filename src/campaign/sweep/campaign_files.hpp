#pragma once
/// What      The files of a campaign: runs.csv (a line a run), summary.json (a setting's replicates together), report/index.html.
/// Method    From the folders of the runs alone, so that they can be written anew at any time, also of a campaign on its way.
/// Parallel  one process.
/// Cost      reads every summary once.
/// Fails     UserError where a file cannot be read or written.
#include <string>

#include "deck/deck.hpp"

namespace aleator::campaign {

/// `deck`: the campaign's, in `folder`/resolved.toml.
void write_campaign_files(const std::string& folder, const deck::Deck& deck);

}  // namespace aleator::campaign
