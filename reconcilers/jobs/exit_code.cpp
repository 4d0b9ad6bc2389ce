#include "reconcilers/jobs/exit_code.hpp"

#include <array>

namespace djdb {

std::span<const ExitRow> exit_table() {
    static constexpr std::array kRows{
        ExitRow{Reason::EntryPointNotFound, ExitCode::NoSettings},
        ExitRow{Reason::EntryPointNotDjango, ExitCode::NoSettings},
        ExitRow{Reason::OptionsRefused, ExitCode::NoSettings},
        ExitRow{Reason::SettingsNotFound, ExitCode::NoSettings},
        ExitRow{Reason::SettingsImportFailed, ExitCode::NoSettings},
        ExitRow{Reason::ChecksFailed, ExitCode::NoSettings},
        ExitRow{Reason::NoDatabaseConfigured, ExitCode::NoDatabase},
        ExitRow{Reason::EngineNotPostgres, ExitCode::OtherEngine},
        ExitRow{Reason::DjangoMissing, ExitCode::ImportMissing},
        ExitRow{Reason::DriverMissing, ExitCode::ImportMissing},
        ExitRow{Reason::DriverTooOld, ExitCode::DriverTooOld},
        ExitRow{Reason::Unreachable, ExitCode::Unreachable},
        ExitRow{Reason::LockHeld, ExitCode::Unreachable},
        ExitRow{Reason::AuthFailed, ExitCode::WrongLogin},
        ExitRow{Reason::WrongDatabaseOrUser, ExitCode::WrongLogin},
        ExitRow{Reason::DatabaseMissing, ExitCode::DatabaseMissing},
        ExitRow{Reason::TLSFailed, ExitCode::NoTls},
        ExitRow{Reason::TLSNotInUse, ExitCode::NoTls},
        ExitRow{Reason::PermissionDenied, ExitCode::PermissionDenied},
        ExitRow{Reason::ReadOnlyServer, ExitCode::ReadOnlyServer},
        ExitRow{Reason::GraphConflict, ExitCode::BadGraph},
        ExitRow{Reason::GraphBroken, ExitCode::BadGraph},
        ExitRow{Reason::InconsistentHistory, ExitCode::BadHistory},
        ExitRow{Reason::SquashGap, ExitCode::SquashGap},
        ExitRow{Reason::ServerTooOld, ExitCode::ServerTooOld},
        ExitRow{Reason::LockTimeout, ExitCode::LockTimeout},
        ExitRow{Reason::Deadlock, ExitCode::LockTimeout},
        ExitRow{Reason::ConnectionFailed, ExitCode::LockTimeout},
        ExitRow{Reason::Interrupted, ExitCode::Interrupted},
        ExitRow{Reason::Backward, ExitCode::Backward},
        ExitRow{Reason::MigrationFailed, ExitCode::Failed},
        ExitRow{Reason::StatementTimeout, ExitCode::Failed},
        ExitRow{Reason::PartiallyApplied, ExitCode::NeedsAPerson},
        ExitRow{Reason::NotRecorded, ExitCode::NeedsAPerson},
        ExitRow{Reason::UnappliedRemain, ExitCode::NeedsAPerson},
        ExitRow{Reason::Internal, ExitCode::Internal},
        ExitRow{Reason::PlanChanged, ExitCode::PlanChanged},
        ExitRow{Reason::BackupFailed, ExitCode::BackupFailed},
        ExitRow{Reason::VerifyFailed, ExitCode::VerifyFailed},
    };
    return kRows;
}

}  // namespace djdb
