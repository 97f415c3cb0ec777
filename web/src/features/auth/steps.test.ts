import { expect, test } from "vitest";
import { ApiError } from "@/api/errors";
import { stepOf } from "./steps";

test("the word of a refusal says which step is missing", () => {
  const refused = (message: string, status = 401) => stepOf(new ApiError({ status, message }));
  expect(refused("TOTP_REQUIRED")).toBe("totp");
  expect(refused("SESSION_NOT_VERIFIED")).toBe("totp");
  expect(refused("EMAIL_OTP_REQUIRED")).toBe("mail");
  expect(refused("PASSWORD_CHANGE_REQUIRED")).toBe("password");
  expect(refused("MFA_ENROLMENT_REQUIRED")).toBe("enrol");
  expect(refused("sign in first")).toBeUndefined();
  expect(refused("TOTP_REQUIRED", 403)).toBeUndefined();
  expect(stepOf(undefined)).toBeUndefined();
});
