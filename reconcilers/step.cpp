#include "reconcilers/step.hpp"

#include <array>

namespace djdb {

std::string_view to_string(const Step& step) {
    // In the order of the variant.
    static constexpr std::array<std::string_view, std::variant_size_v<Step>> kNames{
        "AddFinalizer",      "RemoveFinalizer",    "StoreCredentials",
        "RemoveCredentials", "ClaimExisting",      "AdoptDatabase",
        "TransferClaim",     "Reattach",           "CreateRoles",
        "CreateDatabase",    "ConfigureDatabase",  "ProveLogins",
        "PublishSecret",     "ProveReader",        "PublishReaderSecret",
        "RemoveReader",      "RemoveReaderSecret", "ForgetReaders",
        "PublishMigration",  "StartMigration",     "CancelMigration",
        "RecordPassedImage", "OpenGate",           "ExpireJobs",
        "RetireTenant",      "DropTenant",         "Announce"};
    return kNames.at(step.index());
}

}  // namespace djdb
