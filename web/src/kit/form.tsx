import { useBlocker } from '@tanstack/react-router'
import { Alert, Button, Form, type FormInstance } from 'antd'
import { useRef, useState, type CSSProperties, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused, type Schemas } from '../api/client'
import { Incomplete, useAction } from './action'
import { problemText } from './problem'

type Wrong = Schemas['FieldProblem']
type Path = (string | number)[]

/** `/support/hotline` as the path of a form field. */
export const fieldPath = (pointer: string): Path =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))

/** The field of a form that a pointer means: itself, else the nearest one around it. */
function fieldOf(form: FormInstance, pointer: string): Path | undefined {
  const path = fieldPath(pointer)
  for (let length = path.length; length > 0; length -= 1)
    if (form.getFieldInstance(path.slice(0, length))) return path.slice(0, length)
  return undefined
}

/** The label of the field that a pointer means, else the pointer. */
function labelOf(form: FormInstance, pointer: string): string {
  const id = CSS.escape((fieldOf(form, pointer) ?? fieldPath(pointer)).join('_'))
  const label =
    document.querySelector<HTMLLabelElement>(`label[for="${id}"]`) ??
    document.querySelector<HTMLLabelElement>(`label[for$="_${id}"]`)
  return label?.title || pointer
}

/** What was typed, once the form's own rules are kept; else the first field that breaks one comes into view. */
export async function whole<Values>(form: FormInstance<Values>): Promise<Values> {
  try {
    return await form.validateFields()
  } catch (e) {
    const wrong = (e as { errorFields: { name: Path }[] }).errorFields
    if (wrong[0]) form.scrollToField(wrong[0].name as never, { behavior: 'smooth', block: 'center', focus: true })
    throw new Incomplete(wrong.length)
  }
}

/** What is wrong in a form: shown beside the fields, kept for the summary. */
export function useWrong(form: FormInstance, at: Wrong[] = []) {
  const { t } = useTranslation()
  const [wrong, setWrong] = useState<Wrong[]>(at)
  const show = (list: Wrong[]) => {
    const name = (e: Wrong) => fieldOf(form, e.pointer) ?? fieldPath(e.pointer)
    // What was wrong before may be right now.
    form.setFields(wrong.map((e) => ({ name: name(e), errors: [] })))
    setWrong(list)
    form.setFields(list.map((e) => ({ name: name(e), errors: [problemText(t, e)] })))
  }
  const catching = async <T,>(run: Promise<T>) => {
    try {
      return await run
    } catch (e) {
      if (e instanceof Refused) show(e.problem.errors)
      throw e
    }
  }
  return { wrong, show, catching }
}

/** Everything that keeps a form back, each a link to its field. */
export function Summary({ form, wrong }: { form: FormInstance; wrong: Wrong[] }) {
  const { t } = useTranslation()
  if (wrong.length === 0) return null
  const go = (pointer: string) => {
    const path = fieldOf(form, pointer)
    if (path) form.scrollToField(path, { behavior: 'smooth', block: 'center', focus: true })
  }
  return (
    <Alert
      type="error"
      showIcon
      style={{ marginBottom: 16 }}
      title={t('form.wrong', { count: wrong.length })}
      description={wrong.map((e) => (
        <div key={e.pointer}>
          <button type="button" className="link" onClick={() => go(e.pointer)}>
            {labelOf(form, e.pointer)}
          </button>{' '}
          {problemText(t, e)}
        </div>
      ))}
    />
  )
}

/** Asks before a page with unsaved changes is left; `dirty` is set when something is typed, and cleared when it is sent. */
export function useGuard() {
  const { t } = useTranslation()
  const dirty = useRef(false)
  useBlocker({
    shouldBlockFn: () => dirty.current && !window.confirm(t('form.unsaved')),
    enableBeforeUnload: () => dirty.current,
  })
  return dirty
}

type Props<Values, Out> = {
  form?: FormInstance<Values>
  initial?: Partial<Values>
  /** Sends it; a refusal is shown at the fields that it names. */
  run: (values: Values) => Promise<Out>
  done?: (out: Out) => void
  success?: string
  /** Text of the button; none when the form stands in a dialog that has its own. */
  send?: string
  block?: boolean
  disabled?: boolean
  layout?: 'inline' | 'vertical'
  style?: CSSProperties
  /** Sets the fields apart from those of another form on the page. */
  name?: string
  /** Name under which what was typed is kept until it is sent. */
  draft?: string
  children: ReactNode
}

const kept = <Values,>(draft?: string) =>
  JSON.parse((draft && localStorage.getItem(`draft.${draft}`)) || 'null') as Partial<Values> | null

/** The one form: errors beside the fields and in a summary, the server's too; nothing typed is lost. */
export function Entry<Values extends object, Out>(props: Props<Values, Out>) {
  const [own] = Form.useForm<Values>()
  const form = props.form ?? own
  const { wrong, show, catching } = useWrong(form as FormInstance)
  const dirty = useGuard()
  const action = useAction(
    (values: Values) => catching(props.run(values)),
    (out: Out) => {
      dirty.current = false
      if (props.draft) localStorage.removeItem(`draft.${props.draft}`)
      props.done?.(out)
    },
    props.success,
  )
  const guarded = !props.draft && props.send !== undefined && props.layout !== 'inline'
  return (
    <Form
      form={form}
      name={props.name}
      layout={props.layout ?? 'vertical'}
      disabled={props.disabled}
      initialValues={{ ...props.initial, ...kept<Values>(props.disabled ? undefined : props.draft) }}
      style={props.style}
      onValuesChange={(_changed, all) => {
        dirty.current = guarded
        if (props.draft) localStorage.setItem(`draft.${props.draft}`, JSON.stringify(all))
      }}
      onFinish={(values) => {
        show([])
        action.mutate(values)
      }}
      onFinishFailed={({ errorFields }) =>
        show(errorFields.map((f) => ({ pointer: `/${f.name.join('/')}`, detail: f.errors[0] ?? '', code: 'form' })))
      }
    >
      {props.layout !== 'inline' && <Summary form={form as FormInstance} wrong={wrong} />}
      {props.children}
      {props.send && (
        <Button
          type="primary"
          htmlType="submit"
          block={props.block}
          size={props.block ? 'large' : undefined}
          loading={action.isPending}
        >
          {props.send}
        </Button>
      )}
    </Form>
  )
}
