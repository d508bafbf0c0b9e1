/**
 * Imported before any schema is made: zod would otherwise probe `new Function`, which the content
 * security policy forbids and reports.
 */
import { config } from "zod";

config({ jitless: true });
