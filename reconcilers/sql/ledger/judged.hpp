// What plans said of migrations before they were applied: whether an earlier release works behind them. Pure; any thread.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/text/statement.hpp"

#include <vector>

namespace djdb::sql {

/// Part of create_ledger.
Statement create_judged_migration();

/// Of the claimed database alone: what is not applied is forgotten, and these are noted unless they are applied.
Batch record_judgements(
    const TenantNames&,
    const Claimant&,
    const std::vector<JudgedMigration>&,
    const std::vector<std::string>& applied
);

/// The latest first, so many at most.
Statement read_judgements(const TenantNames&);
inline constexpr int kMostJudgements = 1000;
/// Reads its rows back.
std::vector<JudgedMigration> judgements_in(const std::vector<Row>&);

}  // namespace djdb::sql
