#include "reconcilers/sql/docgen/release_sections.hpp"

#include "reconcilers/sql/inspect/sessions.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/ledger/judged.hpp"
#include "reconcilers/sql/ledger/passed.hpp"

namespace djdb::sql {
namespace {

PassedTemplate a_template() {
    return {
        "5f1b6a3c0d7e",
        "",
        ImageRef("shop:1"),
        "0c9d2e4b8a61",
        "public",
        ResourceUid("job-uid"),
        ""};
}

Batch passing(const TenantNames& names, const Claimant& claimant) {
    Batch batch{require_claim(names, claimant), record_passed(names, claimant, a_template())};
    for (auto& one : ask_for_verification(names, a_template())) {
        batch.push_back(std::move(one));
    }
    batch.push_back(record_passed_image(names, claimant, ImageRef("shop:1")));
    for (auto& one : forget_passed(names, 1)) {
        batch.push_back(std::move(one));
    }
    return batch;
}

}  // namespace

std::vector<Section> sections_of_releases(const TenantNames& names, const Claimant& claimant) {
    return {
        {"Note what the plan says of the migrations that are about to be applied",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction, before the Job is made",
         record_judgements(
             names, claimant, {{"orders.0002_x", true, "0c9d2e4b8a61", ""}}, {"orders.0001_initial"}
         )},
        {"Record what passed with its migrations in the database; forget the oldest of many",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction",
         passing(names, claimant)},
        {"Look which sessions the app has, once it has rolled out",
         Where::OwnDatabase,
         "administrator, maintenance database",
         {read_sessions(names, names.login_a)}},
        {"Note what was proven of it",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction",
         {require_claim(names, claimant), record_verified(names, a_template(), "It works.")}},
        {"Read what plans said of migrations, where an earlier image is to run behind them",
         Where::OwnDatabase,
         "administrator, maintenance database",
         {read_judgements(names)}},
    };
}

}  // namespace djdb::sql
