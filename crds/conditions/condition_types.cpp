#include "crds/conditions/condition_types.hpp"

#include <algorithm>
#include <array>

namespace djdb {
namespace {

struct TypeRow {
    ConditionType type;
    std::string_view wire;
    std::string_view meaning;
};

constexpr std::array kTypes{
    TypeRow{ConditionType::Ready, "Ready", "everything below holds for this generation"},
    TypeRow{ConditionType::Reconciling, "Reconciling", "the operator is at work; absent otherwise"},
    TypeRow{ConditionType::Stalled, "Stalled", "a person has to act; absent otherwise"},
    TypeRow{
        ConditionType::AdminAuthorized,
        "AdminAuthorized",
        "the administrator has the rights that the work needs"},
    TypeRow{
        ConditionType::LeastPrivilege,
        "LeastPrivilege",
        "the administrator has no right that the work does not need"},
    TypeRow{ConditionType::TLSVerified, "TLSVerified", "the server is who it says it is"},
    TypeRow{
        ConditionType::ClosedToPublic,
        "ClosedToPublic",
        "tenants' logins can't enter the maintenance databases"},
    TypeRow{
        ConditionType::SameServer,
        "SameServer",
        "it is the same server as before, with all its data"},
    TypeRow{ConditionType::Accepted, "Accepted", "the spec is usable: names, server and namespace"},
    TypeRow{
        ConditionType::ServerReachable, "ServerReachable", "the server's administrator can log in"},
    TypeRow{ConditionType::DeletionGuarded, "DeletionGuarded", "the finalizer is in place"},
    TypeRow{
        ConditionType::Claimed,
        "Claimed",
        "the server's ledger names this resource as the database's owner"},
    TypeRow{
        ConditionType::CredentialsStored,
        "CredentialsStored",
        "passwords are kept in the operator's namespace"},
    TypeRow{ConditionType::RolesReady, "RolesReady", "owner and logins exist"},
    TypeRow{ConditionType::DatabaseReady, "DatabaseReady", "the database exists"},
    TypeRow{ConditionType::GrantsReady, "GrantsReady", "only this tenant can connect"},
    TypeRow{
        ConditionType::CredentialsSynced,
        "CredentialsSynced",
        "logins are proven and the Secret is published"},
    TypeRow{ConditionType::InSync, "InSync", "nobody changed what the operator set"},
    TypeRow{ConditionType::Gated, "Gated", "the admission policy holds new Pod templates"},
    TypeRow{
        ConditionType::PreflightPassed,
        "PreflightPassed",
        "every new Pod template was tried out: it starts, and reads and writes the database"},
    TypeRow{
        ConditionType::PlanApproved,
        "PlanApproved",
        "what the image's migrations will do is allowed, or approved by a person"},
    TypeRow{
        ConditionType::BackupFresh,
        "BackupFresh",
        "what a migration is about to change was backed up, and the backup was read back"},
    TypeRow{
        ConditionType::MigrationsApplied,
        "MigrationsApplied",
        "the image's migrations are in the database"},
    TypeRow{
        ConditionType::RolledOut, "RolledOut", "all labelled Deployments run the new Pod template"},
    TypeRow{
        ConditionType::Verified,
        "Verified",
        "what rolled out was proven: it reads and writes its database, and its Pods run on"},
};

const TypeRow& row_of(ConditionType type) {
    return *std::ranges::find(kTypes, type, &TypeRow::type);
}

}  // namespace

std::string_view to_string(ConditionType type) {
    return row_of(type).wire;
}
std::string_view meaning(ConditionType type) {
    return row_of(type).meaning;
}

std::optional<ConditionType> parse_condition_type(std::string_view text) {
    const auto* const row = std::ranges::find(kTypes, text, &TypeRow::wire);
    return row == kTypes.end() ? std::nullopt : std::optional(row->type);
}

std::span<const ConditionType> condition_types() {
    static const auto kAll = [] {
        std::array<ConditionType, kTypes.size()> all{};
        std::ranges::transform(kTypes, all.begin(), &TypeRow::type);
        return all;
    }();
    return kAll;
}

}  // namespace djdb
