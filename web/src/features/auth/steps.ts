import { api, done } from "@/api/client";
import { isApiError } from "@/api/errors";

/** What a session that was opened still waits for. */
export type Step = "totp" | "mail" | "password" | "enrol";

const words: Record<string, Step> = {
  TOTP_REQUIRED: "totp",
  SESSION_NOT_VERIFIED: "totp",
  EMAIL_OTP_REQUIRED: "mail",
  PASSWORD_CHANGE_REQUIRED: "password",
  MFA_ENROLMENT_REQUIRED: "enrol",
};

/** The step that an error asks for. */
export function stepOf(error: unknown): Step | undefined {
  return isApiError(error, 401) ? words[error.message] : undefined;
}

/** Asks the server what is missing; nothing when the user is in. Without any session it fails. */
export async function nextStep(): Promise<Step | undefined> {
  try {
    await done(api.GET("/api/user"));
    return undefined;
  } catch (error) {
    const step = stepOf(error);
    if (step) return step;
    throw error;
  }
}
