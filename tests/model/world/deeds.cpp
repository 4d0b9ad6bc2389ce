// What a deed is called, and what it is to the comparison.
#include "tests/model/world/story.hpp"

namespace djdb::model {

Meaning meaning_of(Deed deed) {
    switch (deed) {
        case Deed::CreateResource:
        case Deed::Deploy:
        case Deed::Restart:
        case Deed::RollBack:
        case Deed::AddReader:
        case Deed::RemoveReader:
        case Deed::LimitConnections:
        case Deed::AskForApproval:
        case Deed::AskForBackups:
        case Deed::BackUpAlways:
        case Deed::StopBackups:
        case Deed::StopVerifying:
        case Deed::VerifyAtOnce:
        case Deed::VerifyAtLength:
        case Deed::ResumeByHand:
        case Deed::Delete:
        case Deed::DeleteAndDrop:
        case Deed::CreateAgain:
            return Meaning::Plan;
        case Deed::EditSecret:
        case Deed::RemoveSecret:
        case Deed::LoseStored:
        case Deed::RetryJob:
        case Deed::RestartPod:
        case Deed::QuotaOnJobs:
        case Deed::ServerDown:
        case Deed::Standby:
        case Deed::ChangePassword:
        case Deed::GiveExtraRight:
        case Deed::DropLogin:
        case Deed::CloseDatabase:
        case Deed::LetPublicIn:
        case Deed::RenameDatabase:
        case Deed::ReownDatabase:
        case Deed::AddFinalizer:
            return Meaning::Trouble;
        case Deed::ChangeCa:
        case Deed::HoldByHand:
        case Deed::Grant:
        case Deed::BackUp:
        case Deed::RivalsTurn:
        case Deed::DeleteBehindIt:
        case Deed::BreakGate:
        case Deed::LoseDatabase:
        case Deed::ReplaceDatabase:
        case Deed::Restore:
        case Deed::OldPrimary:
            break;
    }
    return Meaning::AnotherEnd;
}

const char* describe(Deed deed) {
    switch (deed) {
        case Deed::CreateResource:
            return "creates the resource";
        case Deed::Deploy:
            return "deploys the next image";
        case Deed::Restart:
            return "restarts the Deployments";
        case Deed::RollBack:
            return "rolls back";
        case Deed::AddReader:
            return "adds a reader";
        case Deed::RemoveReader:
            return "removes the reader";
        case Deed::LimitConnections:
            return "changes the connection limit";
        case Deed::AskForApproval:
            return "asks that plans which lose data are approved";
        case Deed::AskForBackups:
            return "asks for backups before migrations";
        case Deed::BackUpAlways:
            return "asks for backups before all releases, on another claim";
        case Deed::StopBackups:
            return "asks for no backups";
        case Deed::StopVerifying:
            return "asks for no proof of releases";
        case Deed::VerifyAtOnce:
            return "asks for proof of releases without a soak";
        case Deed::VerifyAtLength:
            return "asks for proof of releases and a long soak";
        case Deed::ResumeByHand:
            return "resumes a Deployment by hand";
        case Deed::HoldByHand:
            return "applies a Deployment with a pause of their own";
        case Deed::EditSecret:
            return "edits the app's Secret";
        case Deed::RemoveSecret:
            return "removes the app's Secret";
        case Deed::LoseStored:
            return "the operator's stored passwords are lost";
        case Deed::ChangeCa:
            return "the server's owner changes the CA";
        case Deed::RetryJob:
            return "removes a Job";
        case Deed::RestartPod:
            return "a new Pod restarts";
        case Deed::Grant:
            return "the server's owner grants the database";
        case Deed::Delete:
            return "deletes the resource";
        case Deed::DeleteAndDrop:
            return "deletes the resource, policy Delete";
        case Deed::CreateAgain:
            return "creates the resource again";
        case Deed::BackUp:
            return "the DBA backs the server up";
        case Deed::RivalsTurn:
            return "the other operator has its turn";
        case Deed::DeleteBehindIt:
            return "deletes the resource, and the other operator drops the database";
        case Deed::AddFinalizer:
            return "another controller adds a finalizer";
        case Deed::BreakGate:
            return "the gate is removed";
        case Deed::QuotaOnJobs:
            return "a quota refuses Jobs";
        case Deed::ServerDown:
            return "the server is down";
        case Deed::Standby:
            return "the server is a standby";
        case Deed::ChangePassword:
            return "the DBA changes a password";
        case Deed::GiveExtraRight:
            return "the DBA gives a login CREATEDB";
        case Deed::DropLogin:
            return "the DBA drops a login";
        case Deed::CloseDatabase:
            return "the DBA closes the database";
        case Deed::LetPublicIn:
            return "the DBA lets PUBLIC in";
        case Deed::RenameDatabase:
            return "the DBA renames the database";
        case Deed::ReownDatabase:
            return "the DBA gives the database away";
        case Deed::LoseDatabase:
            return "the DBA drops the database";
        case Deed::ReplaceDatabase:
            return "the DBA puts another database in its place";
        case Deed::Restore:
            return "the server is restored from the backup";
        case Deed::OldPrimary:
            return "a server that was failed over from answers";
    }
    return "";
}

}  // namespace djdb::model
